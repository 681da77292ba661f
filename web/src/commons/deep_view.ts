// A picture to move and zoom in, by OpenSeadragon: it asks for the tiles that are seen.
import type { Viewer } from 'openseadragon';

export class DeepView {
  /** Resolves when the picture is on the page. `service` is the base of its IIIF image service. */
  static async open(frame: HTMLElement, service: string): Promise<DeepView> {
    const [{ default: OpenSeadragon }, answer] = await Promise.all([
      import('openseadragon'),
      fetch(`${service}/info.json`)
    ]);
    if (!answer.ok) throw new Error(`${service}: ${answer.status}`);
    // Its pieces come from where this page came from, whatever the window is called elsewhere.
    const info = { ...(await answer.json()), id: new URL(service, location.href).href };
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const viewer = OpenSeadragon({
      element: frame,
      tileSources: [info],
      drawer: 'canvas',
      showNavigationControl: false,
      maxZoomPixelRatio: 2,
      visibilityRatio: 0.6,
      animationTime: still ? 0 : 0.6,
      immediateRender: still,
      // The wheel scrolls the page until somebody is in the picture.
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true, scrollToZoom: false },
      gestureSettingsTouch: { dblClickToZoom: true, pinchToZoom: true }
    });
    await new Promise<void>((opened, failed) => {
      viewer.addOnceHandler('open', () => opened());
      viewer.addOnceHandler('open-failed', () => failed(new Error(service)));
    });
    return new DeepView(viewer);
  }

  private constructor(private readonly viewer: Viewer) {
    const mouse = (viewer as unknown as { gestureSettingsMouse: { scrollToZoom: boolean } })
      .gestureSettingsMouse;
    viewer.canvas.addEventListener('focus', () => (mouse.scrollToZoom = true));
    viewer.canvas.addEventListener('blur', () => (mouse.scrollToZoom = false));
  }

  zoom(by: number): void {
    this.viewer.viewport.zoomBy(by);
    this.viewer.viewport.applyConstraints();
  }
  turn(): void {
    this.viewer.viewport.setRotation(this.viewer.viewport.getRotation() + 90);
  }
  show_all(): void {
    this.viewer.viewport.goHome();
  }
  close(): void {
    this.viewer.destroy();
  }
}
