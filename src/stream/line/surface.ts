import type { Pixels } from '../../frame/pixels.js';
import { Random } from '../../random.js';
import { Camera, type Reflectance } from './camera.js';
import { carton } from './carton.js';
import { fabric } from './fabric.js';
import { metal } from './metal.js';

/** How one kind of product looks. */
export interface Surface {
  /**
   * Draws one good part. `finish` 1 is the part as it is made; 0 is what would show if its finish
   * were gone (no print on the carton, brushing polished off the metal, worn cloth). Both draw the
   * same numbers from `random`, so that the two pictures differ in the finish alone.
   */
  draw(random: Random, finish: 0 | 1): Reflectance;
}

const SURFACES = { metal, carton, fabric } as const;
export type SurfaceName = keyof typeof SURFACES;
export const SURFACE_NAMES = Object.keys(SURFACES) as readonly SurfaceName[];

/** The products themselves are fixed; only their frames depend on the caller's seed. */
const PRODUCT_SEED = 3;

/** Good part `index` of a surface: 256 x 256, different in grain, light and position each time. */
export function renderGood(surface: SurfaceName, seed: number, index: number): Pixels {
  return render(surface, seed, index, 1);
}

/** The same part with its finish gone everywhere; see `Surface.draw`. */
export function renderWorn(surface: SurfaceName, seed: number, index: number): Pixels {
  return render(surface, seed, index, 0);
}

function render(name: SurfaceName, seed: number, index: number, finish: 0 | 1): Pixels {
  const { surface, camera } = station(name);
  const random = Random.for(seed, name, index);
  return camera.expose(surface.draw(random, finish), random);
}

interface Station {
  readonly surface: Surface;
  readonly camera: Camera;
}
const stations = new Map<SurfaceName, Station>();

/** Textures and artwork take some 100 ms to make, so each station is set up on first use. */
function station(name: SurfaceName): Station {
  let found = stations.get(name);
  if (found === undefined) {
    const random = Random.for(PRODUCT_SEED, name);
    found = { surface: SURFACES[name](random), camera: new Camera(random) };
    stations.set(name, found);
  }
  return found;
}
