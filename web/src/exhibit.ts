// An exhibit on a screen in a hall: /exhibit/{id}; see exhibit/Exhibit.svelte.
import { mount } from 'svelte';
import './style/base.css';
import Exhibit from './exhibit/Exhibit.svelte';
import { first_language, i18n } from './i18n/i18n.svelte';

i18n.use(first_language());
const page = document.getElementById('page')!;
const id = /^\/exhibit\/([^/]+)/.exec(location.pathname)?.[1] ?? '';
page.replaceChildren();
mount(Exhibit, { target: page, props: { id } });
