// A model lit in the middle of a canvas, and a camera around it. Drawn only when something moved.
import {
  ACESFilmicToneMapping,
  Box3,
  DirectionalLight,
  Mesh,
  PerspectiveCamera,
  PMREMGenerator,
  Scene,
  Spherical,
  Texture,
  TextureLoader,
  Vector3,
  WebGLRenderer,
  type Material
} from 'three';
import { OrbitControls } from 'three/examples/jsm/controls/OrbitControls.js';
import { RoomEnvironment } from 'three/examples/jsm/environments/RoomEnvironment.js';
import { GLTFLoader } from 'three/examples/jsm/loaders/GLTFLoader.js';

export interface ModelScene {
  triangles: number;
  /** Turns the camera around the model, radians; nearer by `zoom` (above 1) or further away. */
  turn(around: number, over: number, zoom: number): void;
  reset(): void;
  /** Gives all memory back, that of the graphics card too. */
  free(): void;
}

function free_model(scene: Scene): void {
  scene.traverse((item) => {
    if (!(item instanceof Mesh)) return;
    (item as Mesh).geometry.dispose();
    for (const material of ([] as Material[]).concat((item as Mesh).material)) {
      for (const value of Object.values(material)) if (value instanceof Texture) value.dispose();
      material.dispose();
    }
  });
}

/** Throws where there is no WebGL, and for what is no model. */
export async function show_model(canvas: HTMLCanvasElement, glb: ArrayBuffer): Promise<ModelScene> {
  const renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true });
  renderer.toneMapping = ACESFilmicToneMapping;
  const scene = new Scene();
  const loader = new GLTFLoader();
  // Pictures as elements: the page's policy lets nothing be fetched but from its own address.
  loader.register((parser) => {
    (parser as unknown as { textureLoader: TextureLoader }).textureLoader = new TextureLoader();
    return { name: 'pictures_as_elements' };
  });
  let environment: Texture | undefined;
  const camera = new PerspectiveCamera(35, 1, 0.01, 100);
  const controls = new OrbitControls(camera, canvas);
  let waiting = 0;
  const draw = () => {
    waiting = 0;
    renderer.render(scene, camera);
  };
  const ask = () => (waiting ||= requestAnimationFrame(draw));
  const fit = () => {
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width || !height) return;
    renderer.setPixelRatio(Math.min(devicePixelRatio, 2));
    renderer.setSize(width, height, false);
    camera.aspect = width / height;
    camera.updateProjectionMatrix();
    ask();
  };
  const sized = new ResizeObserver(fit);
  const free = () => {
    cancelAnimationFrame(waiting);
    sized.disconnect();
    controls.dispose();
    free_model(scene);
    environment?.dispose();
    renderer.dispose();
    renderer.forceContextLoss();
  };
  try {
    const { scene: model } = await loader.parseAsync(glb, '');
    const box = new Box3().setFromObject(model);
    const size = box.getSize(new Vector3()).length();
    if (!Number.isFinite(size) || size === 0) throw new Error('nothing to be seen');
    model.position.sub(box.getCenter(new Vector3()));
    model.position.divideScalar(size);
    model.scale.divideScalar(size);
    const generator = new PMREMGenerator(renderer);
    environment = generator.fromScene(new RoomEnvironment(), 0.04).texture;
    generator.dispose();
    scene.environment = environment;
    const light = new DirectionalLight(0xffffff, 1);
    light.position.set(1, 2, 1.5);
    scene.environmentIntensity = 0.6;
    scene.add(model, light);
  } catch (error) {
    free();
    throw error;
  }
  const kHome = new Vector3(0.9, 0.6, 1.3);
  controls.enablePan = false;
  controls.minDistance = 0.35;
  controls.maxDistance = 6;
  controls.addEventListener('change', ask);
  const reset = () => {
    camera.position.copy(kHome);
    controls.target.set(0, 0, 0);
    controls.update();
    ask();
  };
  const turn = (around: number, over: number, zoom: number) => {
    const at = new Spherical().setFromVector3(camera.position);
    at.theta += around;
    at.phi += over;
    at.radius = Math.min(controls.maxDistance, Math.max(controls.minDistance, at.radius / zoom));
    at.makeSafe();
    camera.position.setFromSpherical(at);
    controls.update();
    ask();
  };
  sized.observe(canvas);
  fit();
  reset();
  draw();
  return { triangles: renderer.info.render.triangles, turn, reset, free };
}
