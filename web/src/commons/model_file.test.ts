import { test } from 'node:test';
import assert from 'node:assert/strict';
import { ModelProblem, pixels_of, whole_model } from './model_file';

const text = (json: unknown) => new TextEncoder().encode(JSON.stringify(json));
const nothing = () => Promise.reject(new ModelProblem('missing'));
const asset = { version: '2.0' };

function json_of(glb: ArrayBuffer): {
  buffers: unknown[];
  bufferViews: unknown[];
  images: unknown[];
} {
  const view = new DataView(glb);
  const bytes = new Uint8Array(glb, 20, view.getUint32(12, true));
  return JSON.parse(new TextDecoder().decode(bytes)) as ReturnType<typeof json_of>;
}
const refused = (why: string) => (error: unknown) =>
  error instanceof ModelProblem && error.why === why;

test('buffers and pictures beside a model become one file that asks for nothing', async () => {
  const asked: string[] = [];
  const glb = await whole_model(
    text({
      asset,
      buffers: [
        { uri: 'a.bin', byteLength: 5 },
        { uri: 'folder/b%20b.bin', byteLength: 4 }
      ],
      bufferViews: [
        { buffer: 0, byteLength: 5 },
        { buffer: 1, byteOffset: 2, byteLength: 2 }
      ],
      images: [{ uri: 'p.png' }]
    }),
    (name) => {
      asked.push(name);
      return Promise.resolve(new Uint8Array([1, 2, 3, 4, 5]));
    }
  );
  assert.deepEqual(asked, ['a.bin', 'b b.bin', 'p.png']);
  const json = json_of(glb);
  assert.equal(json.buffers.length, 1);
  assert.deepEqual(json.bufferViews[1], { buffer: 0, byteOffset: 10, byteLength: 2 });
  assert.deepEqual(json.images, [{ mimeType: 'image/png', bufferView: 2 }]);
});

test('what leads elsewhere, lies, or would fill the memory is refused with its reason', async () => {
  const all = async (json: Record<string, unknown>, why: string) =>
    assert.rejects(whole_model(text({ asset, ...json }), nothing), refused(why));
  await all({ buffers: [{ uri: 'https://a.example/b', byteLength: 1 }] }, 'elsewhere');
  await all({ buffers: [{ uri: '//a.example/b', byteLength: 1 }] }, 'elsewhere');
  await all({ buffers: [{ uri: 'b.bin', byteLength: 1 }] }, 'missing');
  await all({ buffers: [{ byteLength: 9 }] }, 'broken');
  await all({ accessors: [{ count: 4e9 }] }, 'too_large');
  await all({ extensionsRequired: ['KHR_draco_mesh_compression'] }, 'packed');
  await assert.rejects(
    whole_model(text({ asset: { version: '1.0' } }), nothing),
    refused('broken')
  );
  await assert.rejects(whole_model(new Uint8Array([1, 2]), nothing), refused('broken'));
});

test('the size of a picture is known before it is decoded', () => {
  const png = new Uint8Array(32);
  png.set([0x89, 0x50, 0x4e, 0x47]);
  png.set([0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30], 16);
  assert.equal(pixels_of(png), 30_000 * 30_000);
  const jpeg = new Uint8Array([
    0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 11, 8, 0, 100, 0, 200, 3, 0, 0, 0
  ]);
  assert.equal(pixels_of(jpeg), 20_000);
  assert.equal(pixels_of(new Uint8Array(3)), undefined);
});
