import { readSettings } from '../../contracts/settings/settings';
import { tagAndDeliverSettings } from '../../contracts/settings/tagAndDeliver';
import { runProgram } from '../clients/log';
import { runTagAndDeliver } from './tagAndDeliver';

const program = 'tag-and-deliver';
runProgram(program, (log) => runTagAndDeliver(readSettings(program, tagAndDeliverSettings, process.env), log));
