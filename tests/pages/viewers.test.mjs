// The viewers of a Work's page that are loaded when they are needed, each with a real sample, and
// the map beside the pictures of the commons.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { launch, open } from './support.mjs';
import { enter, samples, serious, shared, skip } from './commons_support.mjs';

let browser;
let page; // of a curator who is in
before(async () => {
  browser = await launch();
  if (!skip) page = await enter(browser);
});
after(() => browser?.close());

const sample = (path) => new URL(path, samples);
function without(...paths) {
  const gone = paths.map(sample).filter((url) => !existsSync(url));
  return skip || (gone.length ? `the samples are not there: ${gone.map(String)}` : false);
}
const read = (path) => readFileSync(sample(path));

/** How many colours are in the middle of an element, as it is seen. */
async function colours(visit, selector) {
  const picture = await visit.locator(selector).screenshot();
  return visit.evaluate(
    async (bytes) => {
      const image = await createImageBitmap(new Blob([new Uint8Array(bytes)]));
      const canvas = new OffscreenCanvas(image.width, image.height);
      const context = canvas.getContext('2d');
      context.drawImage(image, 0, 0);
      const { width, height } = image;
      const { data } = context.getImageData(width / 4, height / 4, width / 2, height / 2);
      const seen = new Set();
      for (let i = 0; i < data.length; i += 4)
        seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
      return seen.size;
    },
    [...picture]
  );
}

const kShapes = 'library/gltf/ShapeCollection.glb';
test(
  'a model is asked for, turned by keys, and given back when it is closed',
  { skip: without(kShapes) },
  async () => {
    const work = await shared(page, [[read(kShapes), 'shapes.glb']], {
      kind: 'model',
      title: { en: 'Shapes', zh: '几何形体' }
    });
    const visit = await open(browser, `/works/${work.id}`);
    const asked = [];
    visit.on('request', (request) => asked.push(request.url()));
    await visit.waitForSelector('[data-model=closed]');
    assert.ok(!asked.some((url) => url.includes('/files/')), 'nothing of it before it is wanted');
    await visit.locator('.show').click();
    await visit.waitForSelector('[data-model=shown]');
    assert.ok(Number(await visit.getAttribute('[data-model]', 'data-triangles')) > 100);
    assert.ok((await colours(visit, 'canvas')) > 20);
    const before_turn = await visit.locator('canvas').screenshot();
    await visit.locator('canvas').focus();
    for (let i = 0; i < 4; i++) await visit.keyboard.press('ArrowRight');
    const turned = await visit.locator('canvas').screenshot();
    assert.notDeepEqual(turned, before_turn);
    assert.deepEqual(await serious(visit), []);
    const lost = visit.evaluate(
      () =>
        new Promise((done) =>
          document.querySelector('canvas').addEventListener('webglcontextlost', () => done(true))
        )
    );
    await visit.locator('.tools button').last().click();
    assert.equal(await lost, true, 'the memory of the graphics card is given back');
    await visit.waitForSelector('[data-model=closed]');
    assert.deepEqual(visit.faults, []);
    await visit.context().close();
  }
);

const kTextured = ['BoxTextured.gltf', 'BoxTextured0.bin', 'CesiumLogoFlat.png'];
const textured = kTextured.map((name) => `library/gltf/BoxTextured/${name}`);
test(
  'a model of several files is put together from those of the Work',
  { skip: without(...textured) },
  async () => {
    const files = textured.map((path, i) => [read(path), kTextured[i]]);
    const title = { en: 'A box with a picture on it' };
    const whole = await shared(page, files, { kind: 'model', title });
    const visit = await open(browser, `/works/${whole.id}?lang=zh`);
    await visit.locator('.show').click();
    await visit.waitForSelector('[data-model=shown]');
    assert.ok((await colours(visit, 'canvas')) > 50, 'the picture lies on it');
    assert.deepEqual(visit.faults, []);
    await visit.context().close();

    const part = await shared(page, [files[0]], { kind: 'model', title });
    const other = await open(browser, `/works/${part.id}`);
    await other.locator('.show').click();
    await other.waitForSelector('[data-model=missing]');
    assert.deepEqual(other.faults, []);
    await other.context().close();
  }
);

test('a model that wants a file of somebody else is not shown', { skip }, async () => {
  const model = {
    asset: { version: '2.0' },
    buffers: [{ uri: 'https://elsewhere.example/box.bin', byteLength: 4 }]
  };
  const work = await shared(page, [[Buffer.from(JSON.stringify(model)), 'box.gltf']], {
    kind: 'model',
    title: { en: 'From elsewhere' }
  });
  const visit = await open(browser, `/works/${work.id}`);
  await visit.locator('.show').click();
  await visit.waitForSelector('[data-model=elsewhere]');
  assert.deepEqual(visit.faults, [], 'and nobody is asked');
  await visit.context().close();
});

const kPages = ['0020', '0021', '0221', '0222', '0223'].map(
  (number) => `images/burst-serengeti/S1_D04_R6_PICT${number}.JPG`
);
test(
  'a book lies open at two pages, and is turned by keys',
  { skip: without(...kPages) },
  async () => {
    const files = kPages.map((path, i) => [read(path), `${i + 1}.jpg`, 'page']);
    const title = { en: 'Five pages', zh: '五页书' };
    const work = await shared(page, files, { kind: 'book', title });
    const visit = await open(browser, `/works/${work.id}`, { width: 1440 });
    await visit.waitForSelector('[data-book="5"][data-open="1"]');
    await visit.locator('.open').focus();
    await visit.keyboard.press('ArrowRight');
    await visit.waitForSelector('[data-open="2 3"]');
    await visit.waitForFunction(() =>
      [...document.querySelectorAll('.open img')].every((image) => image.naturalWidth > 0)
    );
    await visit.keyboard.press('End');
    await visit.waitForSelector('[data-open="4 5"]');
    await visit.locator('.tools button').last().click();
    await visit.locator('ol button').nth(1).click();
    await visit.waitForSelector('[data-open="2 3"]');
    assert.deepEqual(await serious(visit), []);
    assert.deepEqual(visit.faults, []);
    await visit.context().close();

    const phone = await open(browser, `/works/${work.id}?lang=zh`, {
      width: 390,
      height: 844
    });
    await phone.waitForSelector('[data-open="1"]');
    await phone.locator('.tools button').nth(1).click();
    await phone.waitForSelector('[data-open="2"]');
    assert.equal(await phone.locator('h1').innerText(), '五页书');
    await phone.context().close();
  }
);

test('a PDF is taken, not opened under our address', { skip }, async () => {
  const pdf = Buffer.from(
    '%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n'
  );
  const work = await shared(page, [[pdf, 'guide.pdf']], {
    kind: 'book',
    title: { en: 'A guide' }
  });
  const visit = await open(browser, `/works/${work.id}`);
  await visit.waitForSelector('[data-document="application/pdf"]');
  const coming = visit.waitForEvent('download');
  await visit.locator('[data-document] a').click();
  assert.equal((await coming).suggestedFilename(), 'guide.pdf');
  assert.deepEqual(visit.faults, []);
  await visit.context().close();
});

const kDeployments = 'biodiversity/camtrap-dp-1.0.2/deployments.csv';
test('a table that says where is a map, too', { skip: without(kDeployments) }, async () => {
  const work = await shared(page, [[read(kDeployments), 'deployments.csv', 'data']], {
    kind: 'dataset',
    title: { en: 'Where cameras stood', zh: '相机位置' }
  });
  const visit = await open(browser, `/works/${work.id}`);
  await visit.waitForSelector('[data-map=ready]');
  assert.ok(Number(await visit.getAttribute('[data-map]', 'data-points')) >= 3);
  assert.ok((await visit.locator('[data-table]').count()) === 1);
  assert.deepEqual(await serious(visit), []);
  assert.deepEqual(visit.faults, []);
  await visit.context().close();
});

test('GeoJSON is a map, without a tile of anybody', { skip }, async () => {
  const shapes = {
    type: 'FeatureCollection',
    features: [
      {
        type: 'Feature',
        properties: {},
        geometry: {
          type: 'Polygon',
          coordinates: [
            [
              [99.6, 36.5],
              [100.8, 36.5],
              [100.8, 37.2],
              [99.6, 37.2],
              [99.6, 36.5]
            ]
          ]
        }
      },
      {
        type: 'Feature',
        properties: {},
        geometry: { type: 'Point', coordinates: [999, 36] }
      }
    ]
  };
  const work = await shared(page, [[Buffer.from(JSON.stringify(shapes)), 'lake.geojson']], {
    kind: 'dataset',
    title: { en: 'The lake' },
    place: { latitude: 36.9, longitude: 100.2 }
  });
  const visit = await open(browser, `/works/${work.id}`);
  await visit.waitForSelector('[data-viewer=map] [data-map=ready][data-points="5"]');
  await visit.locator('dd button[aria-expanded]').click();
  await visit.waitForSelector('.where [data-map=ready][data-points="1"]');
  assert.deepEqual(visit.faults, []);
  await visit.context().close();
});

test('what was found stands on a map, and a pin lists what is there', { skip }, async () => {
  const word = `Pinned${Date.now()}`;
  const places = [
    [36.9, 100.2],
    [36.91, 100.21],
    [33.1, 96.9]
  ];
  const works = [];
  for (const [latitude, longitude] of places)
    works.push(
      await shared(page, [], {
        kind: 'still',
        title: { en: `${word} at ${latitude}` },
        place: { latitude, longitude }
      })
    );
  await shared(page, [], { kind: 'still', title: { en: `${word} nowhere` } });
  const visit = await open(browser, `/commons?q=${word}`);
  await visit.waitForFunction(() => document.querySelectorAll('[data-work]').length === 4);
  await visit.locator('[data-open-map]').click();
  await visit.waitForSelector('[data-map=ready][data-placed="3"]');
  await visit.locator('[data-pin="2"]').click();
  await visit.waitForFunction(() => document.querySelectorAll('[data-work]').length === 2);
  await visit.locator('[data-pin="1"]').focus();
  await visit.keyboard.press('Enter');
  await visit.locator(`[data-work="${works[2].id}"]`).waitFor();
  assert.equal(await visit.locator('[data-work]').count(), 1);
  await visit.locator('[data-sight]').click();
  await visit.waitForFunction(() => document.querySelectorAll('[data-work]').length === 3);
  assert.deepEqual(await serious(visit), []);
  await visit.locator('[data-area]').click();
  await visit.waitForFunction(() => document.querySelectorAll('[data-work]').length === 4);
  assert.deepEqual(visit.faults, []);
  await visit.context().close();
});
