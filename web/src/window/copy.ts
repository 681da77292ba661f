/** Puts text on the clipboard; false when the browser does not let us. */
export async function copy_text(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Plain http in a museum's own network has no clipboard: the old way still works there.
    const field = document.createElement('textarea');
    field.value = text;
    field.className = 'only-read';
    document.body.append(field);
    field.select();
    const copied = document.execCommand('copy');
    field.remove();
    return copied;
  }
}
