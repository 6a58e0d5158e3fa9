/** Notices which of the running calls leads the browser to another page. */
export interface Leaving {
  /** Begins a call and follows it until it ends. Resolves and rejects as it does. */
  during<T>(toolCallId: string, call: () => Promise<T>): Promise<T>;
  /** The calls that run while the browser goes to a page that none of its user's doing chose. */
  leading(): ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

/** Where the browser has no Navigation API, no call ever leads anywhere. */
export function watchLeaving(): Leaving {
  const { navigation } = globalThis as { readonly navigation?: Navigation };
  const running = new Set<string>();
  let leading = NONE;

  function onNavigate(event: NavigateEvent) {
    const { destination, downloadRequest, navigationType, userInitiated } = event;
    if (destination.sameDocument || downloadRequest !== null || event.defaultPrevented) return;
    leading = userInitiated || navigationType === 'reload' ? NONE : new Set(running);
  }

  /** It failed, was stopped, or the page's router took it: the page stays. */
  function onEnd() {
    leading = NONE;
  }

  function follow(isFollowing: boolean) {
    const method = isFollowing ? 'addEventListener' : 'removeEventListener';
    navigation?.[method]('navigate', onNavigate as EventListener);
    navigation?.[method]('navigatesuccess', onEnd);
    navigation?.[method]('navigateerror', onEnd);
  }

  return {
    leading: () => leading,
    async during(toolCallId, call) {
      if (running.size === 0) follow(true);
      running.add(toolCallId);
      try {
        return await call();
      } finally {
        running.delete(toolCallId);
        if (running.size === 0) {
          follow(false);
          leading = NONE;
        }
      }
    },
  };
}
