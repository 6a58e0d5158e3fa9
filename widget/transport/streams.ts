import { WidgetError } from '../errors.ts';
import { readEvents } from './event-stream.ts';
import { unintelligible } from './failure.ts';
import type { EventStream, OutgoingChat, OutgoingTools, Transport } from './transport.ts';
import { watchOver } from './watch.ts';
import { DELETED, type Outgoing, type Refusal, refusalOf, type Wire } from './wire.ts';

export type Streams = Pick<Transport, 'chat' | 'resume' | 'follow'>;

/** The requests whose answer is a stream of events. */
export function createStreams(wire: Wire): Streams {
  /** Fingerprint of the tools that the server keeps for a session. */
  let kept: { readonly sessionId: string; readonly fingerprint: string | undefined } | undefined;

  async function openStream(outgoing: Outgoing, signal: AbortSignal): Promise<EventStream | Refusal> {
    const watch = watchOver(signal);
    try {
      const answer = await wire.send(outgoing, watch);
      if (answer.ok && answer.body !== null) return readEvents(wire.base, answer.body, watch);
      const refusal = answer.ok
        ? { status: 200, refused: unintelligible(wire.base) }
        : await refusalOf(answer);
      watch.close();
      return refusal;
    } catch (error) {
      watch.close();
      throw error;
    }
  }

  function stream(
    path: 'chat' | 'resume',
    request: object,
    tools: OutgoingTools,
    signal: AbortSignal,
  ): Promise<EventStream> {
    const send = async (
      sessionId: string,
      known: boolean,
    ): Promise<{ readonly value: EventStream } | Refusal> => {
      const hasKept = kept?.sessionId === sessionId && kept.fingerprint !== undefined;
      const offered = offer(tools, known, path === 'resume' && hasKept);
      const answer = await openStream({ path, body: { sessionId, ...request, ...offered } }, signal);
      if (!('refused' in answer)) {
        if (offered.clientTools !== undefined)
          kept = { sessionId, fingerprint: offered.clientToolsFingerprint };
        return { value: answer };
      }
      const resend = known && answer.refused.code === 'client_tools_resend_required';
      return resend ? send(sessionId, false) : answer;
    };
    return wire.withinSession(signal, (sessionId) =>
      send(sessionId, kept?.sessionId === sessionId && kept.fingerprint === tools.fingerprint),
    );
  }

  return {
    /** A conversation that is gone on the server cannot refuse what was just typed: that begins another one, once. */
    async chat({ tools, ...request }: OutgoingChat, signal) {
      try {
        return await stream('chat', request, tools, signal);
      } catch (error) {
        if (!(error instanceof WidgetError) || error.code !== DELETED) throw error;
        return stream('chat', { ...request, messages: request.messages.slice(-1) }, tools, signal);
      }
    },
    resume: ({ tools, ...request }, signal) =>
      stream('resume', { ...request, streamResponse: true }, tools, signal),
    follow: ({ executionId, after }, signal) =>
      wire.withinSession(signal, async (sessionId) => {
        const path = `executions/${encodeURIComponent(executionId)}/events?after=${after}`;
        const answer = await openStream({ path, bearer: sessionId }, signal);
        return 'refused' in answer ? answer : { value: answer };
      }),
  };
}

interface Offer {
  readonly clientTools?: OutgoingTools['clientTools'];
  readonly clientToolsFingerprint?: string;
}

/** A set goes out once and then by its fingerprint. No tools: nothing is said, or `[]` where a set has to go. */
function offer({ clientTools, fingerprint }: OutgoingTools, known: boolean, mustReplace: boolean): Offer {
  if (clientTools.length === 0) return mustReplace ? { clientTools } : {};
  return known
    ? { clientToolsFingerprint: fingerprint }
    : { clientTools, clientToolsFingerprint: fingerprint };
}
