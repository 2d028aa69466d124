// Pillow's antialiased resampling of 8-bit pixels, with its fixed-point sums: the pixels of training.
const BITS = 22, HALF = 2 ** (BITS - 1), ONE = 2 ** BITS;
const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
const FILTERS = {
  bilinear: [1, (x) => Math.max(0, 1 - Math.abs(x))],
  bicubic: [2, (x) => {
    const a = -0.5;
    x = Math.abs(x);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
  }],
  lanczos: [3, (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0)],
};

function weights(length, from, to, size, [reach, filter]) {
  const scale = (to - from) / size, wide = Math.max(1, scale), support = reach * wide, found = [];
  for (let place = 0; place < size; place++) {
    const centre = from + (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const last = Math.min(length, Math.trunc(centre + support + 0.5));
    const each = [];
    let sum = 0;
    for (let at = first; at < last; at++) {
      each.push(filter((at - centre + 0.5) / wide));
      sum += each[each.length - 1];
    }
    found.push([first, each.map((one) => Math.trunc((one / (sum || 1)) * ONE + (one < 0 ? -0.5 : 0.5)))]);
  }
  return found;
}

const clip = (sum) => Math.min(255, Math.max(0, Math.floor(sum / ONE)));

// RGB {data, width, height}: lines along one axis are weighted sums of others
function along(image, table, across) {
  const { data, width, height } = image, size = table.length;
  const [columns, rows] = across ? [size, height] : [width, size];
  const out = new Uint8Array(columns * rows * 3);
  const step = across ? 3 : width * 3;
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const [first, each] = table[across ? x : y];
      const start = across ? (y * width + first) * 3 : (first * width + x) * 3;
      for (let channel = 0; channel < 3; channel++) {
        let sum = HALF;
        for (let n = 0, at = start + channel; n < each.length; n++, at += step) sum += data[at] * each[n];
        out[(y * columns + x) * 3 + channel] = clip(sum);
      }
    }
  }
  return { data: out, width: columns, height: rows };
}

function reduced(image, fx, fy, [left, top, right, bottom]) {
  const width = Math.ceil((right - left) / fx), height = Math.ceil((bottom - top) / fy);
  const out = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const y0 = top + y * fy, y1 = Math.min(bottom, y0 + fy);
    for (let x = 0; x < width; x++) {
      const x0 = left + x * fx, x1 = Math.min(right, x0 + fx), count = (y1 - y0) * (x1 - x0);
      const times = Math.floor(2 ** 32 / (256 * count));
      for (let channel = 0; channel < 3; channel++) {
        let sum = Math.floor(count / 2);
        for (let row = y0; row < y1; row++) {
          for (let at = (row * image.width + x0) * 3 + channel, end = (row * image.width + x1) * 3; at < end; at += 3) {
            sum += image.data[at];
          }
        }
        out[(y * width + x) * 3 + channel] = Math.floor((sum * times) / 2 ** 24);
      }
    }
  }
  return { data: out, width, height };
}

function resized(image, [width, height], name, box, gap) {
  const filter = FILTERS[name];
  const fx = Math.trunc((box[2] - box[0]) / width / gap) || 1, fy = Math.trunc((box[3] - box[1]) / height / gap) || 1;
  if (fx > 1 || fy > 1) {
    const more = filter[0] - 0.5, mx = (more * (box[2] - box[0])) / width, my = (more * (box[3] - box[1])) / height;
    const safe = [
      Math.max(0, Math.trunc(box[0] - mx)), Math.max(0, Math.trunc(box[1] - my)),
      Math.min(image.width, Math.ceil(box[2] + mx)), Math.min(image.height, Math.ceil(box[3] + my)),
    ];
    image = reduced(image, fx, fy, safe);
    box = [(box[0] - safe[0]) / fx, (box[1] - safe[1]) / fy, (box[2] - safe[0]) / fx, (box[3] - safe[1]) / fy];
  }
  if (width !== image.width || box[0] || box[2] !== width) {
    image = along(image, weights(image.width, box[0], box[2], width, filter), true);
  }
  if (height !== image.height || box[1] || box[3] !== height) {
    image = along(image, weights(image.height, box[1], box[3], height, filter), false);
  }
  return image;
}

const whole = (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)); // as Python rounds

// RGB pixels as the model takes them: uint8 (3, height, width)
export function prepare(image, rule) {
  const [high, wide] = rule.size, w = image.width, h = image.height;
  let to = [wide, high];
  if (rule.fit === "pad") {
    const factor = Math.min(wide / w, high / h);
    to = [Math.max(1, whole(w * factor)), Math.max(1, whole(h * factor))];
  } else if (rule.fit === "crop") {
    const [x, y] = [wide, high].map((side) => Math.trunc(side / Math.min(1, rule.keep) + 1e-9));
    to = x * h >= y * w ? [x, Math.max(high, Math.trunc((h * x) / w))] : [Math.max(wide, Math.trunc((w * y) / h)), y];
  }
  const size = [Math.min(to[0], wide), Math.min(to[1], high)];
  const x = w / to[0], y = h / to[1], left = whole((to[0] - size[0]) / 2), top = whole((to[1] - size[1]) / 2);
  const box = [left * x, top * y, Math.min(w, (left + size[0]) * x), Math.min(h, (top + size[1]) * y)];
  const small = resized(image, size, rule.filter, box, rule.reducing_gap);
  const out = new Uint8Array(3 * high * wide).fill(255);
  const right = Math.floor((wide - size[0]) / 2), down = Math.floor((high - size[1]) / 2);
  for (let row = 0; row < size[1]; row++) {
    for (let column = 0; column < size[0]; column++) {
      for (let channel = 0; channel < 3; channel++) {
        out[(channel * high + row + down) * wide + column + right] = small.data[(row * size[0] + column) * 3 + channel];
      }
    }
  }
  return out;
}
