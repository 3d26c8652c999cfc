import { type ModelSignature } from '../../contracts/modelCatalog';
import { scoreWindows } from '../train/onnxScores';
import { readWindows, type Window } from '../train/windowsFile';
import { areaUnderCurve, type GateFigures } from './gate';
import { injectedFaults, injectFault, normalSpread, restsNormally, sensorSlots, type InjectedFault } from './injectedFaults';

/** Held-out windows that faults are injected into; more would only cost time. */
const maxInjectedWindows = 500;
const share = (part: number, whole: number) => (whole === 0 ? null : part / whole);
const evenly = <T>(items: readonly T[], most: number) =>
  items.length <= most ? items : Array.from({ length: most }, (_, index) => items[Math.floor((index * items.length) / most)] as T);

/** Scores the delivered ONNX model itself on windows it was not fitted to. */
export async function evaluateModel(onnx: Buffer, signature: ModelSignature, windowsFile: string): Promise<GateFigures> {
  return evaluateWindows(onnx, signature, await readWindows(windowsFile, signature.features));
}

async function evaluateWindows(onnx: Buffer, signature: ModelSignature, windows: readonly Window[]): Promise<GateFigures> {
  const train = windows.filter((window) => window.role === 'train').map((window) => window.features);
  const heldOut = windows.filter((window) => window.role === 'held-out' && window.label !== true).map((window) => window.features);
  const judged = windows.filter((window) => window.role === 'evaluate' && window.label !== null);

  const heldOutScores = await scoreWindows(onnx, heldOut);
  const quiet = evenly(
    heldOut.filter((_, index) => heldOutScores[index]?.alarm === false),
    maxInjectedWindows,
  );
  const judgedScores = await scoreWindows(
    onnx,
    judged.map((window) => window.features),
  );
  const scoresOf = (label: boolean) => judgedScores.filter((_, index) => judged[index]?.label === label).map(({ score }) => score);
  const [faults, normals] = [scoresOf(true), scoresOf(false)];

  const faultDetectionByKind: Partial<Record<InjectedFault, number>> = {};
  for (const fault of injectedFaults) {
    const slots = sensorSlots(signature.features).filter((slot) => fault !== 'stuck' || !restsNormally(slot, train));
    const injected = slots.flatMap((slot) => {
      const spread = normalSpread(slot, train);
      return quiet.map((window) => injectFault(window, slot, fault, spread, signature.features.windowSeconds));
    });
    const detected = share((await scoreWindows(onnx, injected)).filter(({ alarm }) => alarm).length, injected.length);
    if (detected !== null) faultDetectionByKind[fault] = detected;
  }
  const detections = Object.values(faultDetectionByKind);
  return {
    falseAlarmRate: share(heldOutScores.filter(({ alarm }) => alarm).length, heldOut.length),
    faultDetection: share(
      detections.reduce((sum, rate) => sum + rate, 0),
      detections.length,
    ),
    faultDetectionByKind,
    labelAuc: areaUnderCurve(faults, normals),
    labelled: judged.length > 0,
    heldOutWindows: heldOut.length,
    labelledFaultWindows: faults.length,
    labelledNormalWindows: normals.length,
  };
}
