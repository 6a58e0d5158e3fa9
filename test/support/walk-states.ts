import { expect as see } from 'playwright/test';
import type { ChatPage } from './chat-page.ts';
import { opened, type SiteMode } from './every-state.ts';
import { PDF, PNG } from './files.ts';

const PATIENT = { timeout: 10_000 };

/** Brings an English chat into one state after another, and lets `look` see each. */
export async function walkStates(
  chat: ChatPage,
  mode: SiteMode,
  look: (state: string) => Promise<void>,
): Promise<void> {
  const { page, thread, message } = chat;
  const isClosable = mode !== 'page' && mode !== 'inline';
  const button = (name: string | RegExp) => page.getByRole('button', { name, exact: true });

  if (isClosable) await look('closed');
  await opened(chat, mode);
  await look('empty');

  await message.fill('/');
  await page.getByRole('option').first().waitFor(PATIENT);
  await look('commands');
  await message.fill('');

  const chooser = page.waitForEvent('filechooser');
  await button('Attach files').click();
  await (await chooser).setFiles([
    { name: 'a-photo-with-a-rather-long-name-of-the-broken-handle.png', mimeType: 'image/png', buffer: PNG },
    { name: 'receipt.pdf', mimeType: 'application/pdf', buffer: PDF },
    { name: 'program.exe', mimeType: 'application/x-msdownload', buffer: Buffer.from('MZ') },
  ]);
  await see(page.getByRole('listitem').filter({ hasText: 'receipt.pdf' })).toContainText('PDF', PATIENT);
  await look('attachments');
  await message.fill('Thank you');
  await message.press('Enter');
  await see(thread).toContainText('You are welcome.', PATIENT);
  await chat.settled();
  await look('sent files');

  await chat.say('Tell me slowly');
  await see(thread).toContainText('It takes its time.', PATIENT);
  await look('answering');
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  await chat.settled();
  await look('stopped');

  await chat.say('Show me blue mugs');
  await see(thread.getByRole('table')).toBeVisible(PATIENT);
  await chat.settled();
  await look('answer');
  await chat.row('Search the shop').getByText('Search the shop').first().click();
  await look('receipt');
  await thread.getByRole('button', { name: 'Bad answer' }).last().click();
  await thread.getByRole('textbox', { name: /What was wrong/ }).waitFor(PATIENT);
  await look('comment on a bad answer');
  await thread.getByRole('textbox', { name: /What was wrong/ }).press('Escape');
  await thread.getByRole('button', { name: 'Edit message' }).last().press('Enter');
  await look('editing a message');
  await page.keyboard.press('Escape');

  await chat.say('What next?');
  await see(button('Wrap it')).toBeVisible(PATIENT);
  await look('suggested replies');

  await chat.say('Order two');
  await chat.approval('Order').waitFor(PATIENT);
  await look('approval');
  await chat.approval('Order').getByRole('button', { name: 'Decline' }).click({ delay: 20 });
  await chat.settled();
  await look('declined');

  await chat.say('I need a present');
  const sheet = page.getByRole('region', { name: 'Question for you' });
  await sheet.getByRole('button', { name: /tea/ }).waitFor(PATIENT);
  await look('question');
  await sheet.getByRole('button', { name: /tea/ }).click();
  await sheet.getByRole('button', { name: 'Blue' }).click();
  await look('second question');
  await sheet.getByRole('button', { name: 'Send' }).click();
  await see(thread).toContainText('take the Harbour', PATIENT);
  await chat.settled();
  await look('answered questions');

  // One route for both: between two of them, a message would get through.
  let isDown = true;
  await page.route('**/v1/client/chat', (route) =>
    isDown
      ? route.abort()
      : route.fulfill({
          status: 424,
          headers: { 'access-control-allow-origin': '*' },
          json: { code: 'model_failed', error: 'The assistant had a problem with this answer.' },
        }),
  );
  await chat.say('Thank you');
  await see(page.getByText('Reconnecting…').first()).toBeVisible(PATIENT);
  await look('reconnecting');
  isDown = false;
  await thread.getByRole('button', { name: 'Retry' }).waitFor({ timeout: 60_000 });
  await look('failure');
  await page.unroute('**/v1/client/chat');
  await thread.getByRole('button', { name: 'Retry' }).click();
  await chat.settled();

  await button('Earlier conversations').click();
  const list = page.getByRole('region', { name: 'Conversations' });
  await list.getByRole('searchbox').waitFor(PATIENT);
  await look('history');
  await list
    .getByRole('button', { name: /^Rename/ })
    .first()
    .click();
  await look('history, renaming');
  await page.keyboard.press('Escape');
  await list
    .getByRole('button', { name: /^Delete (?!all)/ })
    .first()
    .click();
  await look('history, deleting');
  await page.keyboard.press('Escape');
  await list.getByRole('searchbox').fill('no such thing');
  await list
    .getByText(/Nothing found/)
    .first()
    .waitFor(PATIENT);
  await look('history, nothing found');
  await list.getByRole('button', { name: 'Back to the chat' }).click();

  if (isClosable) {
    await message.press('Escape');
    await page.getByRole('button', { expanded: false }).first().click();
    const rating = page.getByRole('group', { name: 'How was this conversation?' });
    await rating.waitFor(PATIENT);
    await look('rating');
    await page.getByRole('radio', { name: '4 stars' }).press('Space');
    await page.getByRole('textbox', { name: /Anything to add/ }).waitFor(PATIENT);
    await look('rating with words');
    await button('Not now').click();
    // It has a button of its own to send.
    await rating.waitFor({ ...PATIENT, state: 'hidden' });
  }
  if (await button('Maximise').isVisible()) {
    await button('Maximise').click();
    await look('maximised');
    await button('Restore size').click();
  }
  if (!isClosable) return;
  await chat.say('Tell me in two sentences');
  await message.press('Escape');
  await page.getByRole('button', { name: /1 new answer/ }).waitFor(PATIENT);
  await look('unread');
}
