import { returnSteps } from './returnSteps';
import { steps } from './steps';

/** The steps of a round, from the raw data to what comes back. */
export const loopSteps = [...steps, ...returnSteps];
