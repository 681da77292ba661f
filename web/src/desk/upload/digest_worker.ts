// The SHA-256 of a file, beside the page so that it stays quick.
self.onmessage = async (event: MessageEvent<File>) => {
  try {
    const digest = await crypto.subtle.digest('SHA-256', await event.data.arrayBuffer());
    const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0'));
    self.postMessage(hex.join(''));
  } catch {
    self.postMessage('');
  }
};
