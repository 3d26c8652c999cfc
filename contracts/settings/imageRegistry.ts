import { z } from 'zod';

/** A registry, and the folder in it that has Docker Hub's images under their own names. */
export const imageRegistry = () =>
  z.string().regex(/^(?=[^/]*\.)[a-z0-9][a-z0-9.-]*(?::\d{1,5})?(?:\/[a-z0-9][a-z0-9._-]*)*$/, '<host>, or <host>/<folder>, of a registry');
