declare module '*.vue' {
  import type { Component } from 'vue';

  const page: Component;

  export { page as default };
}

declare module '*.svelte' {
  import type { Component } from 'svelte';

  const page: Component;

  export { page as default };
}
