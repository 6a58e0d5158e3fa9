export { type AppOptions, createApp } from './app.ts';
export type { AssetFolders } from './assets.ts';
export { type Config, ConfigError } from './config/config.ts';
export { type ConfigInput, defineConfig } from './config/define-config.ts';
export { type LoadOptions, loadConfig } from './config/load.ts';
export { createDispatcher } from './dispatch/create-dispatcher.ts';
export type { Dispatcher } from './dispatch/dispatcher.ts';
export { createLog, type Log, type LogOptions } from './log.ts';
export { createModels } from './models/create-models.ts';
export {
  type Model,
  ModelError,
  type ModelEvent,
  type ModelRequest,
  type ModelResolver,
} from './models/model.ts';
export { type RunningServer, type StartOptions, startServer } from './start.ts';
export { openSqliteStore } from './store/sqlite.ts';
export { type Store, StoreError } from './store/store.ts';
