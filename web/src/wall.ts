// The wall's first script; see wall/Wall.svelte.
import './style/base.css';
import { mount } from 'svelte';
import { LiveHub } from './live/hub';
import { Places } from './base/places.svelte';
import { i18n } from './i18n/i18n.svelte';
import Wall from './wall/Wall.svelte';

const hub = new LiveHub();
hub.open();
const places = new Places();
void places.open();
i18n.use('en');
mount(Wall, { target: document.getElementById('page')!, props: { hub, places } });
