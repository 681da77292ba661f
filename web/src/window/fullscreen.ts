/** Fills the screen with the page, or leaves it again; nothing where the browser does not let us. */
export function toggle_fullscreen(): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  else document.documentElement.requestFullscreen?.().catch(() => undefined);
}
