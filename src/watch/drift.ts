export interface DriftStatus {
  /** −1 … 1, 0: the good frames of today score as those of the calibration did. */
  readonly value: number;
  /** Size of the value from which it is no chance; above 0. */
  readonly limit: number;
  /** The value is beyond the limit, or was and has not come back to half of it. */
  readonly warning: boolean;
  /** Whether the warning began or ended with this frame. */
  readonly changed: boolean;
}
