declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** The HTTP server that speaks DynamoDB's protocol without checking signatures. Not yet listening. */
  export default function dynalite(options: {
    /** Folder of the LevelDB store; in memory when absent. */
    readonly path?: string;
    readonly createTableMs?: number;
    readonly deleteTableMs?: number;
    readonly updateTableMs?: number;
  }): Server;
}
