/** An MCP server that the operator configured. */
export type McpServerConfig = McpServerReach & {
  /** Values of its headers or its environment that came from environment variables, for whoever takes secrets out. */
  readonly secrets: readonly string[];
};

export type McpServerReach =
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
