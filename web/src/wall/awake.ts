/** Keeps the screen on while the page is seen; returns how to stop. */
export function keep_awake(): () => void {
  let lock: WakeLockSentinel | undefined;
  const wake = () => {
    if (document.hidden || !('wakeLock' in navigator)) return;
    navigator.wakeLock.request('screen').then(
      (held) => (lock = held),
      () => undefined
    );
  };
  wake();
  document.addEventListener('visibilitychange', wake);
  return () => {
    document.removeEventListener('visibilitychange', wake);
    void lock?.release();
  };
}
