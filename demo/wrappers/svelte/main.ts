import { mount } from 'svelte';
import Page from './page.svelte';

const target = document.querySelector('#app');
if (target !== null) mount(Page, { target });
