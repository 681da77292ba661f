// The desk's first script; see desk/Desk.svelte.
import './style/base.css';
import './style/desk.css';
import { mount } from 'svelte';
import { first_language, i18n } from './i18n/i18n.svelte';
import Desk from './desk/Desk.svelte';

i18n.use(first_language());
mount(Desk, { target: document.getElementById('page')! });
