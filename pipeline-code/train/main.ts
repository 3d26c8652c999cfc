import { readSettings } from '../../contracts/settings/settings';
import { trainSettings } from '../../contracts/settings/train';
import { runProgram } from '../clients/log';
import { train } from './train';

runProgram('train', (log) => train(readSettings('train', trainSettings, process.env), log));
