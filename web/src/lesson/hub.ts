// The one connection of a page to what is live, made when its first live window is shown.
import { LiveHub } from '../live/hub';

let hub: LiveHub | undefined;

export function live_hub(): LiveHub {
  if (!hub) {
    hub = new LiveHub();
    hub.open();
  }
  return hub;
}
