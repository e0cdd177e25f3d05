// One picture to pixels of the size and the colours that the model takes: what
// swatchbook/data/pictures.py does, in its order and with its rounding. A picture is {width, height,
// channels, pixels}; pixels are whole numbers from 0 to 255, row by row, a pixel's channels together.
// No canvas scales anything here.

const BLACK = [0, 0, 0];
const LUMA = [0.299, 0.587, 0.114]; // of red, green and blue: ITU-R BT.601, as JPEG has it
const COLOURS = { 1: "grey", 2: "grey with alpha", 3: "RGB", 4: "RGB with alpha" };
const PNG_TYPES = { 0: COLOURS[1], 2: COLOURS[3], 3: "palette", 4: COLOURS[2], 6: COLOURS[4] };
const float32 = Math.fround;

// A picture that is not what the model takes; its words are for the reader, as those of `predict`.
class Refused extends Error {}

function toEven(value) {
  // Python, NumPy and OpenCV round halves to the even number, Math.round rounds them up.
  const below = Math.floor(value);
  const over = value - below;
  if (over !== 0.5) return over < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

function toByte(value) {
  return Math.min(255, Math.max(0, toEven(value)));
}

function picture(width, height, channels) {
  return { width, height, channels, pixels: new Uint8Array(width * height * channels) };
}

function colourOf(text) {
  if (text === null || text === undefined) return null;
  return [1, 3, 5].map((place) => parseInt(text.slice(place, place + 2), 16));
}

// What a file says of itself before it is decoded: the kind of its pixels, where that can be told.

function headerOf(bytes) {
  const starts = (signs, at = 0) => signs.every((sign, place) => bytes[at + place] === sign);
  if (starts([0x89, 0x50, 0x4e, 0x47])) return pngHeader(bytes);
  if (starts([0xff, 0xd8, 0xff])) return { format: "JPEG", depth: 8, channels: jpegChannels(bytes) };
  return { format: "other", depth: 8, channels: null };
}

function pngHeader(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [depth, type] = [bytes[24], bytes[25]];
  let seeThrough = false;
  for (let place = 8; place + 8 <= bytes.length; ) {
    const name = String.fromCharCode(...bytes.subarray(place + 4, place + 8));
    if (name === "IDAT") break;
    if (name === "tRNS") seeThrough = true;
    place += 12 + view.getUint32(place);
  }
  const channels = { 0: 1, 2: 3, 3: 3, 4: 2, 6: 4 }[type];
  return { format: "PNG", depth, type, seeThrough, channels: channels + (seeThrough ? 1 : 0) };
}

function jpegChannels(bytes) {
  for (let place = 2; place + 9 < bytes.length; ) {
    if (bytes[place] !== 0xff) return null;
    const marker = bytes[place + 1];
    if (marker === 0xff) {
      place += 1;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return bytes[place + 9] === 1 ? 1 : 3;
    place += 2 + bytes[place + 2] * 256 + bytes[place + 3];
  }
  return null;
}

// From RGB with alpha, as a canvas gives it, to what the model takes. `image` is the block of that
// name in model.json.

function prepared(rgba, width, height, header, image) {
  const resize = image.resize ?? "error";
  const colour = image.colour ?? "error";
  if (resize === "error" && (width !== image.width || height !== image.height)) {
    throw new Refused(`${width} × ${height} pixels instead of ${image.width} × ${image.height}`);
  }
  const isOpaque = opaque(rgba);
  if (colour === "error") {
    if (resize === "error" && header.format === "PNG") refuseOtherPng(header, image.channels);
    if (header.depth > 8) throw new Refused(`${header.depth} bits a channel instead of 8`);
    const found = header.channels ?? (isOpaque ? 3 : 4);
    if (found !== image.channels) {
      throw new Refused(`${COLOURS[found]} instead of ${COLOURS[image.channels]}`);
    }
  }
  const background = colourOf(image.background);
  if (!isOpaque && background === null) {
    throw new Refused("transparent pixels, and no image.background to lay them on");
  }
  let made = onBackground(rgba, width, height, background ?? BLACK);
  if (image.channels === 1) made = grey(made);
  if (width === image.width && height === image.height) return made;
  return RESIZE[resize](made, image.height, image.width, background ?? BLACK);
}

// Where nothing is converted, a PNG must have just the kind of pixels that the model takes.
function refuseOtherPng({ depth, type, seeThrough }, channels) {
  const wanted = { 1: 0, 3: 2 }[channels];
  if (depth !== 8) throw new Refused(`${depth} bits a channel instead of 8`);
  if (type !== wanted) throw new Refused(`${PNG_TYPES[type]} instead of ${PNG_TYPES[wanted]}`);
  if (seeThrough) throw new Refused("a transparent colour in the PNG file");
}

function opaque(rgba) {
  for (let place = 3; place < rgba.length; place += 4) if (rgba[place] !== 255) return false;
  return true;
}

function onBackground(rgba, width, height, background) {
  const made = picture(width, height, 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    const alpha = float32(rgba[from + 3] / 255);
    const rest = float32(1 - alpha);
    for (let channel = 0; channel < 3; channel += 1, to += 1) {
      const seen = float32(rgba[from + channel] * alpha);
      made.pixels[to] = toByte(float32(seen + float32(background[channel] * rest)));
    }
  }
  return made;
}

function grey(colours) {
  const made = picture(colours.width, colours.height, 1);
  const [red, green, blue] = LUMA.map(float32);
  const { pixels } = colours;
  for (let to = 0, from = 0; to < made.pixels.length; to += 1, from += 3) {
    // Rounded as often as the fused multiply-add of a CPU does, by which NumPy computes it.
    const sum = float32(pixels[from + 1] * green + float32(pixels[from] * red));
    made.pixels[to] = toByte(float32(pixels[from + 2] * blue + sum));
  }
  return made;
}

// Sizes: areas are averaged down, lines are drawn up, as OpenCV does it.

function stretch(from, height, width) {
  const [lower, narrower] = [Math.min(from.height, height), Math.min(from.width, width)];
  let made = from;
  if (lower !== from.height || narrower !== from.width) made = averaged(made, lower, narrower);
  if (lower !== height || narrower !== width) made = interpolated(made, height, width);
  return made;
}

function fit(from, height, width, background) {
  const scale = Math.min(height / from.height, width / from.width);
  const inner = [from.height, from.width].map((side) => Math.max(1, toEven(side * scale)));
  const [high, wide] = [Math.min(inner[0], height), Math.min(inner[1], width)];
  const scaled = stretch(from, high, wide);
  const made = picture(width, height, from.channels);
  const behind = from.channels === 3 ? background : [toEven(dot(LUMA, background))];
  made.pixels.forEach((_, place) => (made.pixels[place] = behind[place % from.channels]));
  const [top, left] = [Math.floor((height - high) / 2), Math.floor((width - wide) / 2)];
  const length = wide * from.channels;
  for (let row = 0; row < high; row += 1) {
    const line = scaled.pixels.subarray(row * length, (row + 1) * length);
    made.pixels.set(line, ((top + row) * width + left) * from.channels);
  }
  return made;
}

function crop(from, height, width) {
  const scale = Math.max(height / from.height, width / from.width);
  const high = Math.min(from.height, Math.max(1, toEven(height / scale)));
  const wide = Math.min(from.width, Math.max(1, toEven(width / scale)));
  const top = Math.floor((from.height - high) / 2);
  const left = Math.floor((from.width - wide) / 2);
  const part = picture(wide, high, from.channels);
  for (let row = 0; row < high; row += 1) {
    const start = ((top + row) * from.width + left) * from.channels;
    const line = from.pixels.subarray(start, start + wide * from.channels);
    part.pixels.set(line, row * wide * from.channels);
  }
  return stretch(part, height, width);
}

const RESIZE = { fit, crop, stretch };

function dot(some, others) {
  return some.reduce((sum, value, place) => sum + value * others[place], 0);
}

function scaleOf(found, wanted) {
  return 1 / (wanted / found); // in this order, since its last bit decides what counts as whole
}

function averaged(from, height, width) {
  const [down, across] = [scaleOf(from.height, height), scaleOf(from.width, width)];
  const whole = [down, across].every((scale) => Math.abs(scale - Math.round(scale)) < 2 ** -52);
  if (whole) return averagedBlocks(from, height, width, Math.round(down), Math.round(across));
  const { channels, pixels } = from;
  const made = picture(width, height, channels);
  const [rows, columns] = [shares(from.height, height, down), shares(from.width, width, across)];
  const sum = new Float32Array(channels);
  const line = new Float32Array(channels);
  for (let row = 0, to = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1, to += channels) {
      sum.fill(0);
      for (const [y, weight] of rows[row]) {
        line.fill(0);
        for (const [x, share] of columns[column]) {
          const place = (y * from.width + x) * channels;
          for (let channel = 0; channel < channels; channel += 1) {
            line[channel] += float32(pixels[place + channel] * share);
          }
        }
        for (let channel = 0; channel < channels; channel += 1) {
          sum[channel] += float32(line[channel] * weight);
        }
      }
      sum.forEach((value, channel) => (made.pixels[to + channel] = toByte(value)));
    }
  }
  return made;
}

// Of each pixel of the smaller side: which pixels of the larger one it is made of, and of each the
// share, in single precision.
function shares(found, wanted, scale) {
  return Array.from({ length: wanted }, (_, place) => {
    const [start, end] = [place * scale, place * scale + scale];
    const cell = Math.min(scale, found - start);
    const last = Math.min(Math.floor(end), found - 1);
    const first = Math.min(Math.ceil(start), last);
    const parts = [];
    if (first - start > 1e-3) parts.push([first - 1, float32((first - start) / cell)]);
    for (let at = first; at < last; at += 1) parts.push([at, float32(1 / cell)]);
    if (end - last > 1e-3) parts.push([last, float32(Math.min(end - last, 1, cell) / cell)]);
    return parts;
  });
}

function averagedBlocks(from, height, width, down, across) {
  const { channels, pixels } = from;
  const made = picture(width, height, channels);
  const share = float32(1 / (down * across));
  for (let row = 0, to = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      for (let channel = 0; channel < channels; channel += 1, to += 1) {
        let sum = 0;
        for (let y = row * down; y < (row + 1) * down; y += 1) {
          for (let x = column * across; x < (column + 1) * across; x += 1) {
            sum += pixels[(y * from.width + x) * channels + channel];
          }
        }
        // Of two by two pixels OpenCV rounds halves up.
        made.pixels[to] = down === 2 && across === 2 ? (sum + 2) >> 2 : toByte(float32(sum * share));
      }
    }
  }
  return made;
}

function interpolated(from, height, width) {
  const { channels, pixels } = from;
  const made = picture(width, height, channels);
  const rows = between(from.height, height);
  const columns = between(from.width, width, true);
  for (let row = 0, to = 0; row < height; row += 1) {
    const [top, below, above, under] = rows[row];
    for (let column = 0; column < width; column += 1) {
      const [left, right, before, behind] = columns[column];
      for (let channel = 0; channel < channels; channel += 1, to += 1) {
        const at = (y, x) => pixels[(y * from.width + x) * channels + channel];
        const upper = at(top, left) * before + at(top, right) * behind;
        const lower = at(below, left) * before + at(below, right) * behind;
        made.pixels[to] = (((above * (upper >> 4)) >> 16) + ((under * (lower >> 4)) >> 16) + 2) >> 2;
      }
    }
  }
  return made;
}

// Of each pixel of the larger side: the two that it lies between, and their weights in 2048ths. At
// the edges both are the same one; across, it then has all of the weight, which rounds otherwise.
function between(found, wanted, whole = false) {
  const scale = scaleOf(found, wanted);
  const within = (place) => Math.min(Math.max(place, 0), found - 1);
  return Array.from({ length: wanted }, (_, place) => {
    const exact = float32((place + 0.5) * scale - 0.5);
    const first = Math.floor(exact);
    const isEdge = first < 0 || first >= found - 1;
    const over = whole && isEdge ? 0 : float32(exact - first);
    const weights = [toEven(float32(float32(1 - over) * 2048)), toEven(float32(over * 2048))];
    return [within(first), within(first + 1), ...weights];
  });
}
