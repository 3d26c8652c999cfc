/** Every child of a local region, and every child of theirs that inherits its environment, carries this with the region's directory. */
export const regionMarker = 'FACTORY_LOOP_REGION';
