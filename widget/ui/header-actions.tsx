import { signal } from '@preact/signals';
import { useView } from './context.ts';
import { Icon } from './icon.tsx';

type Menu = typeof import('./header-menu.tsx')['HeaderMenu'];

/** Code, not state: shared by every chat of the page. */
const menu = signal<Menu | undefined>(undefined);
let loading = false;

/** What other parts put into the header: those with an icon side by side, the rest in a menu. */
export function HeaderActions() {
  const actions = useView().slots.actions.value;
  const items = actions.filter(({ icon }) => icon === undefined);
  if (items.length > 0) loadMenu();
  const Menu = menu.value;
  return (
    <>
      {actions.map(
        ({ id, icon, label, onSelect }) =>
          icon !== undefined && (
            <button
              key={id}
              type="button"
              class="round quiet"
              aria-label={label()}
              title={label()}
              onClick={onSelect}
            >
              <Icon path={icon} />
            </button>
          ),
      )}
      {Menu !== undefined && items.length > 0 && <Menu items={items} />}
    </>
  );
}

function loadMenu(): void {
  if (loading || menu.peek() !== undefined) return;
  loading = true;
  import('./header-menu.tsx').then(
    ({ HeaderMenu }) => {
      menu.value = HeaderMenu;
    },
    () => {
      // The next drawing of the header tries again.
      loading = false;
    },
  );
}
