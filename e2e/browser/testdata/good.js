document.querySelector("#more").addEventListener("click", () => {
  requestAnimationFrame(() => setTimeout(() => { document.querySelector("#out").textContent = "又来了三条"; }, 150));
});
