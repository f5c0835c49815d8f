/** The commands in the order in which a newcomer meets them. */
export const SUMMARIES = {
  demo: 'see the whole product on a synthetic line',
  train: 'learn a surface from good images',
  calibrate: 'set the threshold anew from further good images',
  eval: 'measure a model on a dataset with defects',
  score: 'judge images',
  run: 'judge frames as they come, with live page and metrics',
  line: 'send the frames of a synthetic line to Kafka, and learn the models for it',
  bench: 'measure the speed of this machine, each figure beside its baseline',
  export: 'write a model as an ONNX graph for other programs',
  inspect: 'tell what a model is',
} as const;

export type CommandName = keyof typeof SUMMARIES;
