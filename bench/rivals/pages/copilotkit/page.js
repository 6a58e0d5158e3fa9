import { HttpAgent } from '@ag-ui/client';
import { CopilotKitProvider, CopilotPopup } from '@copilotkit/react-core/v2';
import '@copilotkit/react-core/v2/styles.css';
import { createElement as h } from 'react';
import { createRoot } from 'react-dom/client';
import { history } from '../host.js';

const agent = new HttpAgent({
  url: '/stream/ag-ui/agent/default/run',
  agentId: 'default',
  initialMessages: history.map(({ role, text }, index) => ({ id: `h${index}`, role, content: text })),
});
const agents = { default: agent };

createRoot(document.body.appendChild(document.createElement('div'))).render(
  h(
    CopilotKitProvider,
    { agents__unsafe_dev_only: agents },
    h(CopilotPopup, { defaultOpen: false }),
  ),
);
