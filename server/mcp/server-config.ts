/** An MCP server that the operator configured. */
export type McpServerConfig =
  | {
      readonly kind: 'http';
      readonly url: string;
      /** With placeholders of managed secrets. */
      readonly headers: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'process';
      readonly command: string;
      readonly args: readonly string[];
      /** All that it gets beside `PATH`, `HOME` and their like. */
      readonly env: Readonly<Record<string, string>>;
      /** Default: where this server was started. */
      readonly cwd: string | undefined;
    };
