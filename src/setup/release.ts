/**
 * What `patchline setup tensorflow` brings, by exact version and digest. Every file is checked
 * against these, whichever mirror it came from.
 */

export const DEVICES = ['cpu', 'gpu'] as const;
export type Device = (typeof DEVICES)[number];

/** A wheel of the Python package index. */
export interface Wheel {
  /** As pip calls it: `name==version`. */
  readonly requirement: string;
  readonly sha256: string;
}

/** A package of the npm registry. */
export interface NpmPackage {
  /** As npm calls it: `name@version`. */
  readonly spec: string;
  readonly sha256: string;
}

export interface Release {
  /** Version of TensorFlow. */
  readonly version: string;
  readonly wheels: Readonly<Record<Device, Wheel>>;
  /** CUDA and its libraries, for machines that have no more than NVIDIA's driver. */
  readonly cuda: readonly Wheel[];
  /** The addon's C++ sources and the kernels that call it. The plain package has the same. */
  readonly tfjsNode: NpmPackage;
  /** Headers of Node's C interface, which not every Node is installed with. */
  readonly nodeApi: NpmPackage;
  /** Room that is needed while installing, bytes. */
  readonly room: Readonly<Record<Device, number>>;
}

const GB = 1e9;

export const RELEASE: Release = {
  version: '2.21.0',
  wheels: {
    cpu: {
      requirement: 'tensorflow-cpu==2.21.0',
      sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
    },
    gpu: {
      requirement: 'tensorflow==2.21.0',
      sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
    },
  },
  // What tensorflow[and-cuda]==2.21.0 resolves to, without the compiler.
  cuda: [
    {
      requirement: 'nvidia-cublas-cu12==12.9.3.13',
      sha256: 'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72',
    },
    {
      requirement: 'nvidia-cuda-cupti-cu12==12.9.79',
      sha256: '096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f',
    },
    {
      requirement: 'nvidia-cuda-nvrtc-cu12==12.9.86',
      sha256: '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
    },
    {
      requirement: 'nvidia-cuda-runtime-cu12==12.9.79',
      sha256: '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
    },
    {
      requirement: 'nvidia-cudnn-cu12==9.28.0.42',
      sha256: '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
    },
    {
      requirement: 'nvidia-cufft-cu12==11.4.1.4',
      sha256: 'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
    },
    {
      requirement: 'nvidia-curand-cu12==10.3.10.19',
      sha256: '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e',
    },
    {
      requirement: 'nvidia-cusolver-cu12==11.7.5.82',
      sha256: '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
    },
    {
      requirement: 'nvidia-cusparse-cu12==12.5.10.65',
      sha256: '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
    },
    {
      requirement: 'nvidia-nccl-cu12==2.32.3',
      sha256: 'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c',
    },
    {
      requirement: 'nvidia-nvjitlink-cu12==12.9.86',
      sha256: 'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
    },
  ],
  tfjsNode: {
    spec: '@tensorflow/tfjs-node-gpu@4.22.0',
    sha256: 'afd5599ee1662e732c00a0ad1f52a3d001bdc118a1f44bd592a0a0ebf2daa4c7',
  },
  nodeApi: {
    spec: 'node-api-headers@1.9.0',
    sha256: '6cbfac49542194ae2c8f1dee5fa2dc00d66bec9cbf3b59e3a4e5f16d14eb0d19',
  },
  room: { cpu: 1.4 * GB, gpu: 9.2 * GB },
};
