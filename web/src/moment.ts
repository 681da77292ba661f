// The page of one moment: /m/{feed}/{time}. What it shows was written into it by the program, so
// that it is there before any script asks.
import { mount } from 'svelte';
import './style/base.css';
import type { Moment } from './api/types';
import { first_language, i18n } from './i18n/i18n.svelte';
import MomentPage from './moment/MomentPage.svelte';

i18n.use(first_language());
const page = document.getElementById('page')!;
const data = document.getElementById('moment')?.textContent;
if (data) {
  const moment = JSON.parse(data) as Moment;
  page.replaceChildren();
  mount(MomentPage, { target: page, props: { moment } });
} else {
  location.replace('/');
}
