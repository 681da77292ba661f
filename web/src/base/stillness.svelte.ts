/** Whether no hand has been seen for a time; still until the first. */
export class Stillness {
  still = $state(true);
  private timer_: ReturnType<typeof setTimeout> | undefined;
  private after_ms_: number;

  constructor(after_ms: number) {
    this.after_ms_ = after_ms;
  }

  stir(): void {
    this.still = false;
    clearTimeout(this.timer_);
    this.timer_ = setTimeout(() => (this.still = true), this.after_ms_);
  }
}
