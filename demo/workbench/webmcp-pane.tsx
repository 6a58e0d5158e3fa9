import { useEffect, useState } from 'preact/hooks';
import type { Workbench } from './model.ts';
import { type Fact, IMPLEMENTATION_SENTENCES, readFacts } from './webmcp-facts.ts';

/** Which WebMCP the page has, and how to get the browser's own. */
export function WebmcpPane({ bench }: { readonly bench: Workbench }) {
  const implementation = bench.implementation.value;
  const [facts, setFacts] = useState<readonly Fact[]>([]);
  useEffect(() => {
    void readFacts().then(setFacts);
  }, [implementation]);
  return (
    <div class="prose pad">
      <h2>{IMPLEMENTATION_SENTENCES[implementation]}</h2>
      <table>
        <tbody>
          {facts.map((fact) => (
            <tr key={fact.name}>
              <th scope="row">{fact.name}</th>
              <td>{fact.value}</td>
              <td class="quiet">{fact.means}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {implementation === 'native' ? (
        <p>To see the polyfill, start the browser without the flag: the page falls back by itself.</p>
      ) : (
        <>
          <h3>Switch on the browser’s own</h3>
          <ul>
            <li>
              Chrome and Chromium from 149 on: open <code>chrome://flags/#enable-webmcp-testing</code>, enable
              “WebMCP for testing” and start again; or start with <code>--enable-features=WebMCP</code>.
            </li>
            <li>
              Firefox, early and in an older shape: set <code>dom.modelcontext.enabled</code> in{' '}
              <code>about:config</code>.
            </li>
            <li>Every other browser uses the polyfill; visitors need do nothing.</li>
          </ul>
        </>
      )}
      <div class="narrow-only">
        <h3>Sample pages</h3>
        <ul>
          <li>
            <a href="/demo/site.html">A customer’s page</a> with the script tag and tools of its own
          </li>
          <li>
            <a href="/demo/spa.html">A SPA</a> that imports the package
          </li>
          <li>
            <a href="/demo/csp.html">A page with a strict policy</a>
          </li>
        </ul>
      </div>
    </div>
  );
}
