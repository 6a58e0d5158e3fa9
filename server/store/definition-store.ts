export type DefinitionKind = 'tool' | 'agent' | 'flow';

/** Who wrote it last: a repository, or somebody by the API. */
export type WriteSource = 'ensure' | 'api';

/** A tool, an agent or a flow that is kept. */
export interface StoredDefinition {
  readonly id: string;
  readonly workspace: string;
  readonly kind: DefinitionKind;
  /** Unique among those of its kind in its workspace. */
  readonly name: string;
  /** As it was written, its name included. JSON. */
  readonly body: unknown;
  readonly lastModifiedSource: WriteSource;
  /** Kept as code: it was ensured once, whoever wrote it last. Absent: never. */
  readonly managedBy?: 'ensure';
  /** 1, 2, 3 … */
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface DefinitionStore {
  definition(workspace: string, kind: DefinitionKind, id: string): Promise<StoredDefinition | undefined>;
  definitionByName(
    workspace: string,
    kind: DefinitionKind,
    name: string,
  ): Promise<StoredDefinition | undefined>;
  /** By name, those behind `after` (a name), at most `limit`. */
  definitions(
    workspace: string,
    kind: DefinitionKind,
    page: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<readonly StoredDefinition[]>;
  /** `false`: the name is taken. Durable. */
  insertDefinition(definition: StoredDefinition): Promise<boolean>;
  /** Writes only while the stored version is one less. `false`: it is not, or it is gone, or the name is taken. Durable. */
  updateDefinition(definition: StoredDefinition): Promise<boolean>;
  /** `false`: there is none. */
  removeDefinition(workspace: string, kind: DefinitionKind, id: string): Promise<boolean>;
}
