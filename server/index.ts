export { type Config, ConfigError } from './config/config.ts';
export { type ConfigInput, defineConfig } from './config/define-config.ts';
export type { Scan, ScannedFile, ScanResult } from './config/files.ts';
export { createLog, type Log, type LogOptions } from './log.ts';
export { createPagehand, type Pagehand, type PagehandOptions } from './pagehand.ts';
export { type RunningServer, startServer } from './start.ts';
export { StoreError } from './store/store.ts';
export { defineServerTool, type ServerToolInput } from './tools/define-server-tool.ts';
export type { ServerTool, ToolContext } from './tools/tool.ts';
