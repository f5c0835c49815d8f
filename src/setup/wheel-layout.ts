/** Which files of the wheels are taken, and where they go in the installation. */

/** Headers that tfjs-node includes, directly or not. */
const HEADER =
  /^tensorflow\/(include\/(?:tensorflow\/c\/(?:eager\/)?|tensorflow\/core\/platform\/|tsl\/platform\/|xla\/tsl\/c\/)[a-z_]+\.h)$/;
const LIBRARY = /^tensorflow\/(libtensorflow_(?:cc|framework)\.so\.2)$/;
const NOTICES = 'tensorflow/THIRD_PARTY_NOTICES.txt';
const CUDA_LIBRARY = /^nvidia\/[^/]+\/lib\/[^/]+\.so[.\d]*$/;

export function tensorflowPlace(name: string): string | undefined {
  const library = LIBRARY.exec(name);
  if (library !== null) return `lib/${library[1]}`;
  if (name === NOTICES) return 'lib/THIRD_PARTY_NOTICES.txt';
  return HEADER.exec(name)?.[1];
}

/** The library looks for CUDA in `../nvidia/…/lib` from where it lies. */
export function cudaPlace(name: string): string | undefined {
  return CUDA_LIBRARY.test(name) ? name : undefined;
}
