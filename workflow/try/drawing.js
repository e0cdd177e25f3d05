// A canvas to draw on, by mouse, pen, finger or keyboard. It has a whole number of its pixels for
// each of the model's, so that what the model sees is the mean of each block.

const LONGEST = 280;

function drawingOn(canvas, told) {
  const { width, height } = about.image;
  const factor = Math.max(1, Math.round(LONGEST / Math.max(width, height)));
  canvas.width = width * factor;
  canvas.height = height * factor;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const pen = { width: Math.max(canvas.width, canvas.height) / 14, colour: about.ink };
  const cursor = { x: canvas.width / 2, y: canvas.height / 2, isDown: false };
  let last = null;

  function clear() {
    context.fillStyle = about.paper;
    context.fillRect(0, 0, canvas.width, canvas.height);
    last = null;
  }

  function lineTo(point) {
    const from = last ?? point;
    context.strokeStyle = pen.colour;
    context.lineWidth = pen.width;
    context.lineCap = "round";
    context.lineJoin = "round";
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.lineTo(point.x, point.y);
    context.stroke();
    last = point;
    told();
  }

  function pointOf(event) {
    const box = canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) * canvas.width) / box.width,
      y: ((event.clientY - box.top) * canvas.height) / box.height,
    };
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    last = null;
    lineTo(pointOf(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const one of passed.length ? passed : [event]) lineTo(pointOf(one));
  });

  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  canvas.addEventListener("keydown", (event) => {
    if (event.key === " " || event.key === "Enter") {
      cursor.isDown = !cursor.isDown;
      last = null;
      if (cursor.isDown) lineTo({ ...cursor });
    } else if (event.key in STEPS) {
      const [x, y] = STEPS[event.key];
      const step = Math.max(canvas.width, canvas.height) / 28;
      cursor.x = Math.min(canvas.width, Math.max(0, cursor.x + x * step));
      cursor.y = Math.min(canvas.height, Math.max(0, cursor.y + y * step));
      if (cursor.isDown) lineTo({ ...cursor });
    } else return;
    event.preventDefault();
    showCursor();
  });

  // The place of the keyboard's pen, beside the canvas so that it is no part of the drawing.
  const mark = document.getElementById("pen");
  function showCursor() {
    mark.hidden = false;
    mark.classList.toggle("down", cursor.isDown);
    mark.style.left = `${(100 * cursor.x) / canvas.width}%`;
    mark.style.top = `${(100 * cursor.y) / canvas.height}%`;
  }
  canvas.addEventListener("blur", () => {
    mark.hidden = true;
    cursor.isDown = false;
  });

  clear();
  return { canvas, context, pen, clear };
}
