import { openStore } from '../../server/store/open-store.ts';
import { aCommit, anAppend, deltas, givenExecution, userMessage } from '../support/store.ts';

/**
 * A process of its own that writes to the database in its first argument until it is killed, and says on standard
 * output which version and which end of the log have been acknowledged.
 */
const store = await openStore(process.argv[2] ?? '');
const execution = await givenExecution(store);
for (let version = 2, seq = 0; ; version += 1) {
  await store.appendEvents([anAppend(execution.id, deltas(execution.id, seq + 1, seq + 5), version - 1)]);
  const events = deltas(execution.id, seq + 6, seq + 6);
  const messages = [{ clientId: null, message: userMessage(`message ${version}`) }];
  if (!(await store.commit(aCommit({ ...execution, version }, { events, messages }))))
    throw new Error('lost');
  seq += 6;
  process.stdout.write(`${version} ${seq}\n`);
}
