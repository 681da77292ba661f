// The commons: /commons.
import { mount } from 'svelte';
import './style/base.css';
import Commons from './commons/Commons.svelte';
import { first_language, i18n } from './i18n/i18n.svelte';

i18n.use(first_language());
mount(Commons, { target: document.getElementById('page')! });
