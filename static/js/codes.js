// Recovery codes: kept as a file, or on paper.

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-download]");
  if (!button) return;
  const text = document.querySelector(button.dataset.source).textContent.trim();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${text}\n`], { type: "text/plain" }));
  link.download = button.dataset.download;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-print]")) print();
});
