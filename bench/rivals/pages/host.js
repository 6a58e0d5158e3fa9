/** The button of a host page, for chats that bring none; the panel beside it is filled when it is first opened. */
export function hostLauncher(fill) {
  const button = document.createElement('button');
  const panel = document.createElement('section');
  button.className = 'host-launcher';
  button.ariaLabel = 'Open chat';
  button.textContent = '…';
  button.style.cssText = 'position:fixed;right:20px;bottom:20px;width:56px;height:56px';
  panel.className = 'host-panel';
  panel.style.cssText = 'position:fixed;right:20px;bottom:90px;width:380px;height:600px;background:#fff';
  panel.ariaLabel = 'Chat';
  panel.hidden = true;
  button.onclick = () => {
    panel.hidden = !panel.hidden;
    if (panel.childNodes.length === 0) fill(panel);
  };
  document.querySelector('main').append(button, panel);
}

/** What the page was given of an earlier conversation. */
export const history = window.benchHistory ?? [];

/** An answer of the bench's server as it comes, piece by piece. */
export async function* answerTo(text, signal) {
  const answer = await fetch('/stream/text', { method: 'POST', body: text, signal });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
