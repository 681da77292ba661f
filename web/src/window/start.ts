import '../style/window.css';
import { mount } from 'svelte';
import type { LiveHub } from '../live/hub';
import type { Places } from '../base/places.svelte';
import Window from './Window.svelte';

export function start(hub: LiveHub, places: Places): void {
  mount(Window, { target: document.getElementById('page')!, props: { hub, places } });
}
