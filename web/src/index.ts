// The window's first script. Asks for everything at once (connection, places, first still) before
// the page itself is read and drawn: the picture should move within two seconds.
import './style/base.css';
import { LiveHub } from './live/hub';
import { first_language, i18n } from './i18n/i18n.svelte';
import { Places } from './base/places.svelte';

const hub = new LiveHub();
hub.open();
const places = new Places();
void places.open();
i18n.use(first_language());
const { start } = await import('./window/start');
start(hub, places);

export {};
