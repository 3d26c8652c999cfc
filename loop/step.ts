import type { DatasetManifest } from '../contracts/datasetManifest';
import type { DeliveryRecord } from '../contracts/deliveryRecord';
import type { ModelTags } from '../contracts/modelCatalog';
import type { EvidenceReader } from './evidenceReader';
import type { StoredBatch, LandingZoneReader } from './landingZoneReader';
import type { MonitorReader } from './monitorReader';
import type { SiteConsole } from './siteConsole';

export interface Sent {
  samples: number;
  readonly times: Set<string>;
  readonly results: Set<string>;
}
/** What a round has shown so far; a step reads what earlier ones found. */
export interface RoundFacts {
  /** Nothing older counts for this round. */
  readonly startedAt: Date;
  /** Raw blobs that were dropped for this round. */
  readonly rawBlobs: readonly string[];
  /** Landing-zone blobs that this round's data version must hold: what the round before sent back. */
  readonly recycled: readonly string[];
  /** Manifests of batches that were in the landing zone before this round's line ran. */
  readonly landedBefore: ReadonlySet<string>;
  /** What the line sent and the inference server answered in this round: times of samples, one key a result. */
  readonly sent: Sent;
  landed?: readonly StoredBatch[];
  manifest?: DatasetManifest;
  model?: { version: string; tags: ModelTags; modelUri: string };
  packageBlob?: { name: string; sha256: string };
  delivery?: DeliveryRecord;
}
/** `site` is missing where the databus cannot be reached: then what the site reports to the cloud has to do. */
export interface Observer {
  readonly reader: EvidenceReader;
  readonly site?: SiteConsole;
  readonly monitor: MonitorReader;
  readonly landing: LandingZoneReader;
  readonly facts: RoundFacts;
  /** Lets a delivery that waits go; missing where a person has to do it. */
  readonly approve?: (deliveryId: string) => Promise<void>;
}
/** `final`: the loop is meant to end here, so later steps are not missing. */
export type Observation = { readonly ok: boolean; readonly evidence: Record<string, unknown>; readonly final?: boolean } | undefined;

export interface Step {
  readonly id: string;
  readonly title: string;
  /** The program whose failed execution ends the wait for this step. */
  readonly program: string;
  /** Ends with undefined while there is nothing to see yet. */
  observe(observer: Observer): Promise<Observation>;
  /** The program failed at something that comes after this step: what shows that the step itself was done. */
  doneBefore?(failure: Record<string, unknown>, observer: Observer): Promise<Observation>;
}
