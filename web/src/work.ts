// The page of one Work: /works/{id}. What it shows was written into it by the program, so that it
// is there before any script asks.
import { mount } from 'svelte';
import './style/base.css';
import type { WorkPage as Data } from './api/types';
import WorkPage from './commons/WorkPage.svelte';
import { first_language, i18n } from './i18n/i18n.svelte';

i18n.use(first_language());
const page = document.getElementById('page')!;
const data = document.getElementById('work')?.textContent;
if (data) {
  page.replaceChildren();
  mount(WorkPage, { target: page, props: { data: JSON.parse(data) as Data } });
} else {
  location.replace('/commons');
}
